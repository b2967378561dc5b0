from . import (
    test_access,
    test_addresses,
    test_automatic,
    test_composer,
    test_copies,
    test_corner_cases,
    test_delivery,
    test_document_type,
    test_envelopes,
    test_invoices,
    test_links,
    test_resolver,
)
