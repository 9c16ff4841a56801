# Every third-party package, as an imported target. ARCHITECTURE.md says why each is here. What is said here once serves
# three: our build, find_package(xenlab) in other projects (xenlabConfig.cmake.in) and pkg-config (Library.cmake).

# xenlab_package(TARGET PC FIND_PACKAGE_ARG...): PC is the name that pkg-config knows the package by.
macro(xenlab_package target pc)
  find_package(${ARGN} REQUIRED)
  string(REPLACE ";" " " words "${ARGN}")
  set_property(GLOBAL PROPERTY "XENLAB_PC_${target}" "${pc}")
  set_property(GLOBAL APPEND_STRING PROPERTY XENLAB_FINDERS
    "  elseif(xenlab_target STREQUAL \"${target}\")\n    find_dependency(${words})\n")
endmacro()

# xenlab_pc(NAME PC...): the target PkgConfig::NAME, of packages that come without CMake's files.
macro(xenlab_pc name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
  string(REPLACE ";" " " words "${ARGN}")
  set_property(GLOBAL PROPERTY "XENLAB_PC_PkgConfig::${name}" "${ARGN}")
  set_property(GLOBAL APPEND_STRING PROPERTY XENLAB_FINDERS
    "  elseif(xenlab_target STREQUAL \"PkgConfig::${name}\")\n    xenlab_find_pc(${name} ${words})\n")
endmacro()

find_package(PkgConfig REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(CURL 7.80 REQUIRED)
xenlab_package(Threads::Threads "" Threads)
xenlab_package(fmt::fmt fmt fmt 9)
xenlab_package(nlohmann_json::nlohmann_json nlohmann_json nlohmann_json 3.9)
xenlab_package(OpenSSL::Crypto libcrypto OpenSSL 3.0)
xenlab_package(OpenSSL::SSL libssl OpenSSL 3.0)
xenlab_package(tinyxml2::tinyxml2 tinyxml2 tinyxml2 9)
xenlab_pc(ZSTD libzstd)
xenlab_pc(XXHASH libxxhash)
xenlab_pc(PCAP libpcap)
xenlab_pc(EXT2FS ext2fs com_err)
xenlab_pc(NTFS3G libntfs-3g)
xenlab_pc(HIVEX hivex)
xenlab_pc(SSH libssh>=0.10)
if(XENLAB_ISAL)
  xenlab_pc(ISAL libisal)
else()
  xenlab_package(ZLIB::ZLIB zlib ZLIB)
endif()
