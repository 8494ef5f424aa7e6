"""The tabs of the page. A new one is a module in this folder and a line here."""

from fsl_demo.ui.requests import Registry
from fsl_demo.ui.tabs import collection, label, results, search, workbench

TABS = (workbench.TAB, results.TAB, label.TAB, search.TAB, collection.TAB)
REGISTRY = Registry(TABS)
