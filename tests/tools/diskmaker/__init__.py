# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds disk images for tests with other people's programs (sfdisk, mkfs.*, mtools), without root."""
