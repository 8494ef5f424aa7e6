"""The tabs of the page. A new one is a module in this folder and a line here."""

from fsl_demo.core.tables import load
from fsl_demo.ui.requests import RequestRegistry, Tab

TABS: tuple[Tab, ...] = load(
    __name__,
    "workbench:TAB",
    "results:TAB",
    "label:TAB",
    "search:TAB",
    "collection:TAB",
    "review:TAB",
    "improve:TAB",
)
REGISTRY = RequestRegistry(TABS)
