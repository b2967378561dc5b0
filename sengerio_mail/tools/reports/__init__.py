"""Reports on delivery: what a message that came back says of which recipient of which message of ours.

Layers, the first that tells decides: machine-readable parts (:mod:`.standard`: RFC 3464, 8098, 5965), the words of
servers without them (:mod:`.words`, :mod:`.phrases`), headers, and the addresses that were really mailed. The returned
message itself is never evidence; it only tells which message it was. Work and memory are bounded whatever comes in.
"""

from .model import KINDS, Original, RecipientReport, Report
from .reader import read_original, read_report
from .verdicts import BAD_ADDRESS, REASONS, Verdict, verdict
