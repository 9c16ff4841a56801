# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes XVA archives for tests, in every dialect met in the wild and damaged in every way.

It shares no code with the product: one misunderstanding must not cancel itself.
"""
