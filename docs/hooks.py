"""Hooks of the documentation site: documents of the project folder become pages of the site."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT_DOCUMENTS = "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents of the project folder to the site."""
    root = Path(config.config_file_path).parent
    for name in ROOT_DOCUMENTS:
        files.append(File.generated(config, name, content=(root / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Adapt links between ``docs/`` and the documents of the project folder, which are siblings on the site."""
    if page.file.src_uri in ROOT_DOCUMENTS:
        return markdown.replace("](docs/", "](")
    up = "../" * page.file.src_uri.count("/")
    for name in ROOT_DOCUMENTS:
        markdown = markdown.replace(f"](../{up}{name}", f"]({up}{name}")
    return markdown
