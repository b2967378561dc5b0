from . import export, receipt
