# SPDX-License-Identifier: 0BSD
# What `cmake --install` lays down: the library, its headers, and what CMake and pkg-config need to
# find them.  Nothing of it names the prefix where that can be had relative to the file itself, so
# that an installed tree can be moved.
#
# The static and the shared library may be installed into one prefix, from two builds: each exports
# its own file of targets, and the rest is the same for both.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_target_property(kind ump_server TYPE)
if(kind STREQUAL "SHARED_LIBRARY")
	set(kind shared)
else()
	set(kind static)
endif()
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ump_server)

install(TARGETS ump_server EXPORT ump_server
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
		COMPONENT ump_server_runtime NAMELINK_COMPONENT ump_server_development
	RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ump_server_runtime
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ump_server_development
	INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
	COMPONENT ump_server_development FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# Debian wants them compressed, which is package.cmake's.
set(manual
	src/ump_client.3
	src/ump_completions.3
	src/ump_fuzz.3
	src/ump_contracts.7
	src/ump_glossary.7
	src/ump_handler.3
	src/ump_combining.3
	src/ump_post_client.3
	src/ump_reply_context.3
	src/ump_server.3
	src/ump_sim.7
	src/ump_stats.3
	src/ump_strerror.3
	src/ump_task.3
	src/ump_thread.3
	src/ump_thread_pool.3
	src/ump_delayed.3
	src/ump_timer.3
	src/ump_ask.3
	src/ump_wait_reply.3
	src/ump_watch.3
	src/ump_weak_client.3
	src/ump_workers.3)
# manual_directory(PAGE VARIABLE): where the page belongs, by its section.
function(manual_directory page variable)
	string(REGEX REPLACE "^.*\\." "" section ${page})
	set(${variable} ${CMAKE_INSTALL_MANDIR}/man${section} PARENT_SCOPE)
endfunction()
if(NOT UMP_PACKAGE)
	foreach(page ${manual})
		manual_directory(${page} directory)
		install(FILES ${page} DESTINATION ${directory} COMPONENT ump_server_development)
	endforeach()
endif()

install(EXPORT ump_server FILE ump_server-${kind}.cmake NAMESPACE ump_server::
	DESTINATION ${config_dir} COMPONENT ump_server_development)
if(PROJECT_VERSION_MAJOR EQUAL 0)
	set(compatibility SameMinorVersion)
else()
	set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/ump_serverConfigVersion.cmake
	COMPATIBILITY ${compatibility})
install(FILES scripts/cmake/ump_serverConfig.cmake
	${CMAKE_CURRENT_BINARY_DIR}/ump_serverConfigVersion.cmake
	DESTINATION ${config_dir} COMPONENT ump_server_development)

# The component `fuzz`: the same for both kinds of library.
install(TARGETS ump_server_fuzz ump_server_fuzz_main EXPORT ump_server_fuzz
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ump_server_development)
install(EXPORT ump_server_fuzz FILE ump_server-fuzz.cmake NAMESPACE ump_server::
	DESTINATION ${config_dir} COMPONENT ump_server_development)

# An absolute directory (distributions use them) stands alone, and never behind the prefix.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
	set(pc_prefix ${CMAKE_INSTALL_PREFIX})
	set(pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
	file(RELATIVE_PATH up /${pc_dir} /)
	string(REGEX REPLACE "/$" "" up ${up})
	set(pc_prefix "\${pcfiledir}/${up}")
	set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
	set(pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
else()
	set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
# What pkg-config reads it splits at spaces; pcfiledir comes to it with its own escaped.
foreach(directory pc_prefix pc_libdir pc_includedir)
	string(REPLACE " " "\\ " ${directory} "${${directory}}")
endforeach()
foreach(name ump_server ump_server-fuzz)
	configure_file(scripts/cmake/${name}.pc.in ${name}.pc @ONLY)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${pc_dir}
		COMPONENT ump_server_development)
endforeach()
if(UMP_SIM)
	include(scripts/cmake/install_sim.cmake)
endif()
