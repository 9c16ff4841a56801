# The whole build vocabulary: a module (lib/NAME + include/xenlab/NAME) and a tool (tools/NAME).

# xenlab_add_module(NAME [USES module...] [LINK target...])
#   USES: the modules its public headers build on, as in the layer table of ARCHITECTURE.md.
#   LINK: third-party targets used by its sources.
function(xenlab_add_module name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/lib/${name}/*.cpp")
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/xenlab/${name}/*.hpp")
  add_library(xenlab_${name} STATIC ${sources})
  add_library(xenlab::${name} ALIAS xenlab_${name})
  set_target_properties(xenlab_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON EXPORT_NAME ${name})
  target_sources(xenlab_${name} PUBLIC FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${headers})
  target_include_directories(xenlab_${name} PRIVATE "${PROJECT_SOURCE_DIR}/lib/${name}")
  target_compile_features(xenlab_${name} PUBLIC cxx_std_20)
  list(TRANSFORM ARG_USES PREPEND "xenlab::")
  target_link_libraries(xenlab_${name}
    PUBLIC ${ARG_USES} ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:xenlab::settings>)
  set_property(GLOBAL APPEND PROPERTY XENLAB_MODULES ${name})
endfunction()

# xenlab_add_tool(NAME USES module...)
#   Builds tools/NAME/*.cpp into the executable NAME, and the same sources but main.cpp into the
#   object library NAME_parts, so that a test can call run() without a process.
function(xenlab_add_tool name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tools/${name}/*.cpp")
  list(TRANSFORM ARG_USES PREPEND "xenlab::")
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_USES} xenlab::cli xenlab::settings)
  target_compile_definitions(${name} PRIVATE XENLAB_VERSION="${PROJECT_VERSION}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  set_property(GLOBAL APPEND PROPERTY XENLAB_TOOLS ${name})
endfunction()
