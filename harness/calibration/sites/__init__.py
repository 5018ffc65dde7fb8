"""The sites: tiny designs on which rules are measured, each rule on one of them."""

from harness.calibration.sites.stores import STORES

SITES = (STORES,)
