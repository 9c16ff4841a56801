# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers off a socket, whole or in part."""

import re
import socket


def receive_head(sock):
    """Bytes up to the end of an answer's headers."""
    data = b""
    sock.settimeout(5)
    try:
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                break
            data += piece
    except OSError:
        pass
    return data


def receive_part(sock, length):
    """Up to length bytes, then hang up."""
    data = b""
    sock.settimeout(5)
    try:
        while len(data) < length:
            piece = sock.recv(length - len(data))
            if not piece:
                break
            data += piece
    except (OSError, socket.timeout):
        pass
    return data


def receive_message(sock):
    """One answer with a content-length on a connection that stays open."""
    data = b""
    try:
        while True:
            head, found, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head) if found else None
            if length and len(body) >= int(length[1]):
                return data
            piece = sock.recv(65536)
            if not piece:
                return data
            data += piece
    except OSError:
        return data
