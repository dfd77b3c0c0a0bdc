# One library per folder. duet_library(NAME DEPS ...) takes every .cpp of the folder; files named *_test.cpp become
# NAME_test, a GoogleTest program beside the sources it tests.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(duet_warnings INTERFACE)
target_compile_options(duet_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror)
# Clang sees libstdc++ 12 use its own deprecated get_temporary_buffer in stable_sort; g++ still reports our uses. Data that is compiled
# in (SQL, object descriptions) is longer than the shortest string that a compiler must accept.
target_compile_options(
  duet_warnings INTERFACE $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations -Wno-overlength-strings>)
# g++ 12 at -O2 raises these two on sound code (std::optional members; std::string + literal, GCC bug 105651).
target_compile_options(duet_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict>)

function(duet_test NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS} duet_warnings GTest::gmock GTest::gtest_main)
  # What is tested is optimised; the tests themselves compile in half the time without.
  target_compile_options(${NAME} PRIVATE $<$<CONFIG:Release>:-O0>)
  add_test(NAME ${NAME} COMMAND ${NAME} --gtest_brief=1)
endfunction()

function(duet_library NAME)
  cmake_parse_arguments(ARG "" "INCLUDE_ROOT" "DEPS;PRIVATE_DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  if(NOT ARG_INCLUDE_ROOT)
    set(ARG_INCLUDE_ROOT ${CMAKE_SOURCE_DIR}/src)
  endif()
  if(sources)
    add_library(${NAME} STATIC ${sources})
    target_include_directories(${NAME} PUBLIC ${ARG_INCLUDE_ROOT})
    target_link_libraries(${NAME} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS} duet_warnings)
  else()
    add_library(${NAME} INTERFACE)
    target_include_directories(${NAME} INTERFACE ${ARG_INCLUDE_ROOT})
    target_link_libraries(${NAME} INTERFACE ${ARG_DEPS} ${ARG_PRIVATE_DEPS})
  endif()
  if(tests)
    duet_test(${NAME}_test SOURCES ${tests} DEPS ${NAME} ${ARG_PRIVATE_DEPS} ${ARG_TEST_DEPS})
  endif()
endfunction()
