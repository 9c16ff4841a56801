// SPDX-License-Identifier: GPL-3.0-or-later
// libcurl, loaded when the first URL is opened. It brings some thirty shared libraries along, which
// take half of the start-up time of a tool that mostly reads files and pipes.
#pragma once

#include <curl/curl.h>

namespace xenlab::transport {

/// The functions of libcurl that we use, under its own names without the prefix "curl_".
struct CurlApi {
    decltype(&::curl_global_init) global_init;
    decltype(&::curl_easy_init) easy_init;
    decltype(&::curl_easy_cleanup) easy_cleanup;
    decltype(&::curl_easy_setopt) easy_setopt;
    decltype(&::curl_easy_getinfo) easy_getinfo;
    decltype(&::curl_easy_pause) easy_pause;
    decltype(&::curl_easy_strerror) easy_strerror;
    decltype(&::curl_slist_append) slist_append;
    decltype(&::curl_slist_free_all) slist_free_all;
    decltype(&::curl_multi_init) multi_init;
    decltype(&::curl_multi_cleanup) multi_cleanup;
    decltype(&::curl_multi_add_handle) multi_add_handle;
    decltype(&::curl_multi_remove_handle) multi_remove_handle;
    decltype(&::curl_multi_perform) multi_perform;
    decltype(&::curl_multi_poll) multi_poll;
    decltype(&::curl_multi_wakeup) multi_wakeup;
    decltype(&::curl_multi_info_read) multi_info_read;
};

/// Loads and initialises libcurl on the first call, from any thread. Throws Error{failed} without
/// it.
const CurlApi& curl();

} // namespace xenlab::transport
