# The library as a product: headers and an archive for each module, xenlabConfig.cmake for find_package(xenlab), and
# xenlab.pc with a xenlab-MODULE.pc for each module. All of it follows from xenlab_add_module() and Dependencies.cmake.
include(CMakePackageConfigHelpers)

# Everything goes to the package libxenlab-dev; the tools need none of it.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)
set(cmake_folder "${CMAKE_INSTALL_LIBDIR}/cmake/xenlab")
set(made "${PROJECT_BINARY_DIR}/library")
get_property(modules GLOBAL PROPERTY XENLAB_MODULES)
get_property(finders GLOBAL PROPERTY XENLAB_FINDERS)
list(TRANSFORM modules PREPEND xenlab_ OUTPUT_VARIABLE targets)

# No prefix in libxenlab_io.a's name is lost: the archives stand beside those of other packages.
install(TARGETS ${targets} EXPORT xenlab
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT xenlab NAMESPACE xenlab:: FILE xenlabTargets.cmake DESTINATION "${cmake_folder}")

configure_file("${PROJECT_SOURCE_DIR}/cmake/version.hpp.in" "${made}/version.hpp" @ONLY)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/xenlabConfig.cmake.in" "${made}/xenlabConfig.cmake"
  INSTALL_DESTINATION "${cmake_folder}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change what a caller sees.
write_basic_package_version_file("${made}/xenlabConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${made}/version.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/xenlab")
install(FILES "${made}/xenlabConfig.cmake" "${made}/xenlabConfigVersion.cmake" DESTINATION "${cmake_folder}")

# The files tell places from their own, so that the tree may be installed or moved anywhere (cmake --install --prefix).
file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
function(xenlab_write_pc name description requires libs)
  list(JOIN requires ", " requires)
  list(JOIN libs " " libs)
  file(WRITE "${made}/${name}.pc"
"prefix=\${pcfiledir}/${up}
libdir=\${prefix}/${CMAKE_INSTALL_LIBDIR}
includedir=\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}

Name: ${name}
Description: ${description}
Version: ${PROJECT_VERSION}
Requires: ${requires}
Libs: ${libs}
Cflags: -I\${includedir}
")
  install(FILES "${made}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

# The archives are static, so whoever links one must link what it uses: Requires and not Requires.private, which
# pkg-config leaves out without --static, and with it also asks for what shared libraries of others link themselves.
foreach(module IN LISTS modules)
  set(requires "")
  set(libs "-L\${libdir}" "-lxenlab_${module}")
  get_target_property(links xenlab_${module} INTERFACE_LINK_LIBRARIES)
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
    get_property(pc GLOBAL PROPERTY "XENLAB_PC_${link}")
    if(link MATCHES "^xenlab::(.*)")
      list(APPEND requires "xenlab-${CMAKE_MATCH_1} = ${PROJECT_VERSION}")
    elseif(link STREQUAL "Threads::Threads")
      list(APPEND libs -pthread)
    elseif(pc)
      list(TRANSFORM pc REPLACE ">=" " >= ")
      list(APPEND requires ${pc})
    elseif(link MATCHES "^[a-z]+$")
      list(APPEND libs "-l${link}")
    elseif(NOT link MATCHES "BUILD_INTERFACE" AND link)
      message(FATAL_ERROR "xenlab_${module} links ${link}, which Dependencies.cmake does not know")
    endif()
  endforeach()
  xenlab_write_pc("xenlab-${module}" "Module ${module} of xenlab" "${requires}" "${libs}")
endforeach()
list(TRANSFORM modules REPLACE "(.+)" "xenlab-\\1 = ${PROJECT_VERSION}" OUTPUT_VARIABLE requires)
xenlab_write_pc(xenlab "${PROJECT_DESCRIPTION}" "${requires}" "")
