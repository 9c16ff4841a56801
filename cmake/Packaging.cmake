# The Debian packages: xenlab (the tools) and libxenlab-dev (the library), from ./dev package. What Debian wants beside
# the files (compressed pages, copyright, changelog, reasons for lintian) is installed only with XENLAB_DEBIAN.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME xenlab)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL tools library)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(XENLAB_MAINTAINER "xenlab developers <developers@xenlab.example>" CACHE STRING "Who answers for the Debian packages")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${XENLAB_MAINTAINER}")

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # else it comes in front of each package's own

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME xenlab)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
# libcurl is loaded with dlopen(3) (lib/transport/curl_api.hpp), where dpkg-shlibdeps does not see it.
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "libcurl4 (>= 7.80)")
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "ca-certificates, openssh-client")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "novnc, qemu-utils, wireshark")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "${PROJECT_DESCRIPTION}
Small executables that do one job each and can be piped together: xvm controls
the VMs of a pool over XAPI; xva-verify, xva-mbr, xva-disk, xva-ls, xva-cat,
xva-put and xva-reg read and change the disks in XVA archives and images, also
while they stream by; vifcap captures the traffic of a VM on its hypervisor;
serial-cli works in guests that have no network, over their serial port;
drbl-deploy runs Clonezilla jobs through a DRBL server.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libxenlab-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
# As Dependencies.cmake; tests/check/package.py compares.
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "libfmt-dev (>= 9), libtinyxml2-dev (>= 9), libssl-dev (>= 3.0), \
libssh-dev (>= 0.10), libzstd-dev, libxxhash-dev, libisal-dev, libpcap0.8-dev, libext2fs-dev, comerr-dev, ntfs-3g-dev, \
libhivex-dev, nlohmann-json3-dev (>= 3.9)")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "g++ (>= 4:12), pkg-config")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "C++ library for XVA archives, disk images and XenServer pools
What the tools of the package xenlab are made of: headers and static archives
of modules that read and write XVA archives, raw and VHD images, NBD, partition
tables, filesystems and registry hives, and that speak to XenServer and XCP-ng
pools over XAPI. For find_package(xenlab) and pkg-config; see xenlab(3).")

include(CPack)

if(XENLAB_DEBIAN)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(folder "${PROJECT_SOURCE_DIR}/cmake/debian")
  set(made "${PROJECT_BINARY_DIR}/debian")
  file(MAKE_DIRECTORY "${made}")
  add_custom_command(OUTPUT "${made}/changelog.gz"
    COMMAND Python3::Interpreter "${folder}/changelog.py" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${XENLAB_MAINTAINER}" "${made}/changelog.gz"
    DEPENDS "${folder}/changelog.py" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" VERBATIM)
  add_custom_target(debian_changelog ALL DEPENDS "${made}/changelog.gz")
  foreach(package IN ITEMS xenlab:tools libxenlab-dev:library)
    string(REPLACE ":" ";" package "${package}")
    list(GET package 1 component)
    list(GET package 0 package)
    set(docs "${CMAKE_INSTALL_DATADIR}/doc/${package}")
    install(FILES "${folder}/copyright" "${made}/changelog.gz" DESTINATION "${docs}" COMPONENT ${component})
    if(EXISTS "${folder}/${package}.lintian-overrides")
      install(FILES "${folder}/${package}.lintian-overrides" DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides"
        RENAME "${package}" COMPONENT ${component})
    endif()
  endforeach()
endif()
