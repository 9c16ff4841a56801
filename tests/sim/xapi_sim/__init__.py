# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated XAPI pool for tests.

No code is shared with the product and nothing outside the Python standard
library is used.  See ../README.md for the map of these modules.
"""
