# Compiles the dashboard (ui/) into a library. duet_embed_dashboard(TARGET) adds a generated source that defines
# duet::api::dashboard_files() (src/api/dashboard_files.h). All presets share the one built dashboard.
option(DUET_DASHBOARD "Build the dashboard with npm and compile it in" ON)

function(duet_embed_dashboard TARGET)
  set(ui ${CMAKE_SOURCE_DIR}/ui)
  if(DUET_DASHBOARD)
    set(output ${CMAKE_SOURCE_DIR}/build/ui/dashboard_files.cpp)
    file(GLOB_RECURSE inputs CONFIGURE_DEPENDS ${ui}/src/* ${ui}/public/*)
    list(FILTER inputs EXCLUDE REGEX "schema\\.gen\\.ts$")
    list(APPEND inputs ${ui}/index.html ${ui}/package.json ${ui}/package-lock.json ${ui}/tsconfig.json ${ui}/vite.config.ts
         ${CMAKE_SOURCE_DIR}/src/api/openapi.json)
  else()
    set(output ${CMAKE_CURRENT_BINARY_DIR}/no_dashboard_files.cpp)
    set(arguments --empty)
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND python3 ${ui}/build.py ${output} ${arguments}
    DEPENDS ${inputs} ${ui}/build.py
    COMMENT "Building the dashboard (npm)"
    VERBATIM)
  target_sources(${TARGET} PRIVATE ${output})
endfunction()
