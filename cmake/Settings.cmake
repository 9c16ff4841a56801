# The language standard, the warnings and the sanitizers: interface targets that only our own code links.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(XENLAB_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")
option(XENLAB_FUZZERS "Build the libFuzzer executables (clang only)" OFF)
option(XENLAB_ISAL "Inflate gzip with ISA-L; OFF uses zlib" ON)
option(XENLAB_DEBIAN "Install what Debian packages hold beside the files: copyright, changelog, compressed pages" OFF)
option(XENLAB_HARDENING "Stack protector, FORTIFY_SOURCE, PIE and full RELRO" OFF)

add_library(xenlab_settings INTERFACE)
add_library(xenlab::settings ALIAS xenlab_settings)
target_compile_options(xenlab_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wcast-align
  -Wextra-semi -Wdouble-promotion -Wimplicit-fallthrough
  # Designated initializers name what differs from the default; naming the rest is noise.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Without -Wnull-dereference, which sees null pointers inside std::string and CLI11; clang has it.
  # g++ 12 reports an overlap inside std::string that cannot be (GCC bug 105651).
  target_compile_options(xenlab_settings INTERFACE -Wno-restrict)
else()
  target_compile_options(xenlab_settings INTERFACE -Wnull-dereference)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND XENLAB_SANITIZE)
  # g++ 12 sees impossible uninitialised paths in instrumented standard library code.
  target_compile_options(xenlab_settings INTERFACE -Wno-maybe-uninitialized)
endif()
target_compile_definitions(xenlab_settings INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

if(XENLAB_SANITIZE)
  add_compile_options(-fsanitize=${XENLAB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${XENLAB_SANITIZE})
endif()
if(XENLAB_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(XENLAB_HARDENING)
  add_compile_options(-fstack-protector-strong $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  add_link_options(-Wl,-z,relro)
  include(CheckPIESupported)
  check_pie_supported()
endif()
# Shared libraries that a tool links but never calls cost start-up time.
add_link_options(-Wl,--as-needed)
