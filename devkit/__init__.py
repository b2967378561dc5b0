"""The parts of ``./dev``. Everything here runs on the standard library alone.

What runs inside Odoo's virtual environment lives in ``devkit/odoo_side``.
"""
