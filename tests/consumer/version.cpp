// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/version.hpp>

#include <cstdio>

int main()
{
    std::puts(XENLAB_VERSION_STRING);
}
