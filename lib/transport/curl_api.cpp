// SPDX-License-Identifier: GPL-3.0-or-later
#include "curl_api.hpp"

#include <xenlab/base/error.hpp>

#include <fmt/format.h>

#include <dlfcn.h>

namespace xenlab::transport {
namespace {

class Loader {
  public:
    Loader() : library_(::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) // the ABI since 2006
    {
        if (library_ == nullptr)
            throw Error(Errc::failed, "URLs need libcurl, which cannot be loaded",
                        "install the package libcurl4");
    }

    template <typename Function>
    void find(Function& function, const char* name) const
    {
        function =
            reinterpret_cast<Function>(::dlsym(library_, name)); // NOLINT: what dlsym(3) is for
        if (function == nullptr)
            throw Error(Errc::failed, fmt::format("libcurl is too old: it has no {}", name));
    }

  private:
    void* library_; ///< stays loaded until the process ends
};

CurlApi load()
{
    const Loader library;
    CurlApi api{};
    library.find(api.global_init, "curl_global_init");
    library.find(api.easy_init, "curl_easy_init");
    library.find(api.easy_cleanup, "curl_easy_cleanup");
    library.find(api.easy_setopt, "curl_easy_setopt");
    library.find(api.easy_getinfo, "curl_easy_getinfo");
    library.find(api.easy_pause, "curl_easy_pause");
    library.find(api.easy_strerror, "curl_easy_strerror");
    library.find(api.slist_append, "curl_slist_append");
    library.find(api.slist_free_all, "curl_slist_free_all");
    library.find(api.multi_init, "curl_multi_init");
    library.find(api.multi_cleanup, "curl_multi_cleanup");
    library.find(api.multi_add_handle, "curl_multi_add_handle");
    library.find(api.multi_remove_handle, "curl_multi_remove_handle");
    library.find(api.multi_perform, "curl_multi_perform");
    library.find(api.multi_poll, "curl_multi_poll");
    library.find(api.multi_wakeup, "curl_multi_wakeup");
    library.find(api.multi_info_read, "curl_multi_info_read");
    if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        throw Error(Errc::failed, "libcurl does not start");
    return api;
}

} // namespace

const CurlApi& curl()
{
    static const CurlApi api = load();
    return api;
}

} // namespace xenlab::transport
