"""The description of a logged network, which MLflow shows on the page of the model."""

from mnist_growth.network import TrainedNetwork


def describe_model(trained: TrainedNetwork, model_id: str) -> str:
    """Return what a network is and how to load and serve it, in Markdown.

    Args:
        trained: The network.
        model_id: Id of the logged model.
    """
    network, names = trained.network, trained.class_names
    widths = "-".join(map(str, network.widths))
    epochs = "1 epoch" if trained.epochs == 1 else f"{trained.epochs:,} epochs"
    return f"""\
Network of kind {network.spec.kind} with {widths} units and {network.parameter_count:,} parameters, \
after {epochs} on the data set {trained.dataset}. It assigns an image to one of {len(names)} classes: \
{", ".join(names)}.

SHA-256 of the weights: `{trained.sha256}`

### Load it

```python
import mlflow

mlflow.set_tracking_uri("...")  # address of this page, or the database
model = mlflow.pyfunc.load_model("models:/{model_id}")
table = model.predict(images)
```

`images` has the shape [N, height, width]: grey values from 0 to 255, or floating-point numbers from 0 to 1. The model \
prepares them as the training images were. The table has the class and its probability for each image, and the \
probability of each class.

### Serve it

`MLFLOW_TRACKING_URI` has to be the address of this page, or the database. MLflow needs uv (`pip install uv`) to \
install PyTorch and the other packages.

```
mlflow models serve -m models:/{model_id} --env-manager uv --port 5001
curl http://127.0.0.1:5001/invocations -H "Content-Type: application/json" -d '{{"inputs": [[[0, 0, ...], ...], ...]}}'
```

`kedro serve --model models:/{model_id}` serves it with a page to draw on.
"""
