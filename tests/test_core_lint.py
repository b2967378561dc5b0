"""Odoo's own lint tests, on this addon."""

from unittest import mock

import pytest

from odoo.modules.module import Manifest

manifests = pytest.importorskip("odoo.addons.test_lint.tests.test_manifests")
signatures = pytest.importorskip("odoo.addons.test_lint.tests.test_override_signatures")

ADDON = "sengerio_mail"


class TestManifest(manifests.ManifestLinter):
    def test_manifests(self):
        manifest = Manifest.for_addon(ADDON)
        with mock.patch.object(Manifest, "all_addon_manifests", return_value=[manifest]):
            super().test_manifests()


class TestSignatures(signatures.TestLintOverrideSignatures):
    """Methods of the addon's models take what those they override take."""
