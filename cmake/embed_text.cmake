# Compiles one text file into a library. duet_embed_text(TARGET FILE NAME) adds a generated source that defines
# `std::string_view duet::NAME()`. Run as a script it writes that source.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${FILE} text)
  file(WRITE ${OUTPUT} "#include <string_view>

namespace duet {

std::string_view ${NAME}();

std::string_view ${NAME}() { return R\"embedded(${text})embedded\"; }

}  // namespace duet
")
  return()
endif()

function(duet_embed_text TARGET FILE NAME)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_${NAME}.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFILE=${FILE} -DNAME=${NAME} -DOUTPUT=${output} -P ${CMAKE_SOURCE_DIR}/cmake/embed_text.cmake
    DEPENDS ${FILE} ${CMAKE_SOURCE_DIR}/cmake/embed_text.cmake
    VERBATIM)
  target_sources(${TARGET} PRIVATE ${output})
endfunction()
