# Compiles the .sql files of a folder into a library. duet_embed_sql(TARGET FOLDER) adds a generated source that defines
# duet::postgres::embedded_sql_files() (src/postgres/sql_files.h), sorted by name. Run as a script it writes that source.
if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*.sql)
  list(SORT files)
  set(entries "")
  foreach(file IN LISTS files)
    file(READ ${FOLDER}/${file} text)
    string(APPEND entries "    {\"${file}\", R\"embedded(${text})embedded\"},\n")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"postgres/sql_files.h\"

namespace duet::postgres {

std::span<const SqlFile> embedded_sql_files() {
  static constexpr SqlFile kFiles[] = {
${entries}  };
  return kFiles;
}

}  // namespace duet::postgres
")
  return()
endif()

function(duet_embed_sql TARGET FOLDER)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${FOLDER}/*.sql)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_sql_files.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${FOLDER} -DOUTPUT=${output} -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
    VERBATIM)
  target_sources(${TARGET} PRIVATE ${output})
endfunction()
