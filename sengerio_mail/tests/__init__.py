from . import test_envelopes
