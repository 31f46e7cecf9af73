# SPDX-License-Identifier: 0BSD
# The shared library exports the functions that the header declares with UMP_API, and no others.  The
# list is made from the header each time that CMake is configured, which a change of the header
# brings about.  The linker refuses a list with a function that is not there.
#
# Every name carries the ABI's version, so that a program that was linked with an older ABI does not
# start, with a message that says so, instead of going wrong later.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/ump_server.h)
file(READ include/ump_server.h header)
string(REGEX MATCHALL "\nUMP_API [^(;]*\\(" declarations "${header}")
set(functions "")
foreach(declaration IN LISTS declarations)
	string(REGEX MATCH "ump_[a-z0-9_]+\\($" function "${declaration}")
	if(NOT function)
		message(FATAL_ERROR "include/ump_server.h: no function's name in${declaration}")
	endif()
	string(REPLACE "(" ";\n" function "${function}")
	string(APPEND functions "\t\t${function}")
endforeach()

# Where libraries are not in the ELF format, the visibility of UMP_API alone decides.
if(UNIX AND NOT APPLE)
	set(map ${CMAKE_CURRENT_BINARY_DIR}/ump_server.map)
	file(CONFIGURE OUTPUT ${map} @ONLY CONTENT
		"UMP_@ump_abi@ {\n\tglobal:\n@functions@\tlocal:\n\t\t*;\n};\n")
	get_target_property(kind ump_server TYPE)
	if(kind STREQUAL "SHARED_LIBRARY")
		target_link_options(ump_server PRIVATE
			LINKER:--version-script=${map} LINKER:--no-undefined-version)
		# Its threads may outlive a plugin that was the last to use it.
		target_link_options(ump_server PRIVATE LINKER:-z,nodelete)
		set_property(TARGET ump_server APPEND PROPERTY LINK_DEPENDS ${map})
	endif()
endif()
