// Requests to the service, with the token if one was given.
const tokenForm = document.querySelector("#token-form");

// Send an image, or ask without a body. The error of a failed request is a sentence.
export async function ask(path, image) {
  const headers = image ? { "Content-Type": image.type || "application/octet-stream" } : {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  let response, answer;
  try {
    response = await fetch(path, image ? { method: "POST", body: image, headers } : { headers });
  } catch {
    throw new Error("The service cannot be reached: is it still running?");
  }
  tokenForm.hidden = response.status !== 401;
  try {
    answer = await response.json();
  } catch {
    answer = {}; // from a proxy
  }
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? `The service returned status ${response.status}`), { status: response.status });
  return answer;
}

// Call a function whenever a token was given.
export function onToken(call) {
  tokenForm.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem("token", document.querySelector("#token").value);
    call();
  });
}
