"""Odoo's own lint tests, on this addon."""

from unittest import mock

import pytest

from odoo.modules.module import Manifest
from odoo.modules.registry import Registry
from odoo.tests.common import get_db_name

manifests = pytest.importorskip("odoo.addons.test_lint.tests.test_manifests")
signatures = pytest.importorskip("odoo.addons.test_lint.tests.test_override_signatures")

ADDON = "sengerio_mail"


class TestManifest(manifests.ManifestLinter):
    """The manifest has known keys, of the right types, and no needless ones."""

    def test_manifests(self):
        with mock.patch.object(Manifest, "all_addon_manifests", return_value=[Manifest.for_addon(ADDON)]):
            super().test_manifests()


class TestSignatures(signatures.TestLintOverrideSignatures):
    """Methods of the addon take what the methods they override take."""

    def test_lint_override_signature(self):
        def is_ours(model):
            return any(base.__module__.startswith(f"odoo.addons.{ADDON}.") for base in model.mro())

        models = {name: model for name, model in Registry(get_db_name()).items() if is_ours(model)}
        self.assertTrue(models)
        with mock.patch.object(signatures, "Registry", return_value=models):
            super().test_lint_override_signature()
