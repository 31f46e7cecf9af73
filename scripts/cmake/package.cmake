# SPDX-License-Identifier: 0BSD
# What cpack makes: Debian packages, the library for programs to run with, what one builds programs
# with, and the simulator, if it is built.  scripts/package calls cpack, with UMP_STATIC_BUILD naming a second build,
# that of the static library, for the development package to hold both.
set(UMP_STATIC_BUILD "" CACHE PATH "A build of the static library, to be packaged with this one")
set(CPACK_PACKAGE_CONTACT "ump-server maintainers <maintainers@ump-server.invalid>" CACHE STRING
	"The maintainer of the packages")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1 CACHE STRING "Which packaging of this version it is")
set(revision ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(runtime libump-server${PROJECT_VERSION_MAJOR})
set(development libump-server-dev)
set(sim libump-server-sim-dev)

# debian_file(TEMPLATE FILE): fill a template in, for dpkg to read.
function(debian_file template file)
	configure_file(scripts/cmake/debian/${template} debian/${file} @ONLY)
	file(CHMOD ${CMAKE_CURRENT_BINARY_DIR}/debian/${file}
		PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

# compress(FILE OUTPUT): as Debian wants documents, without a name or a time inside.
function(compress file output)
	execute_process(COMMAND gzip -9nc ${file}
		OUTPUT_FILE ${CMAKE_CURRENT_BINARY_DIR}/debian/${output} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH's, if that is set
math(EXPR next "${PROJECT_VERSION_MINOR} + 1")
if(PROJECT_VERSION_MAJOR EQUAL 0)
	set(next_abi 0.${next})
else()
	math(EXPR next_abi "${PROJECT_VERSION_MAJOR} + 1")
endif()
file(STRINGS LICENSE copyright REGEX "^Copyright")
string(REGEX REPLACE "^Copyright \\(C\\) " "" copyright "${copyright}")
file(READ LICENSE licence)
string(REGEX REPLACE "^[^\n]*\n\n" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n$" "" licence "${licence}")
string(REPLACE "\n" "\n " licence "${licence}")
debian_file(copyright.in copyright)
debian_file(changelog.in changelog)
debian_file(shlibs.in shlibs)
debian_file(triggers.in triggers)
compress(${CMAKE_CURRENT_BINARY_DIR}/debian/changelog changelog.Debian.gz)
compress(${CMAKE_CURRENT_SOURCE_DIR}/CHANGELOG.md changelog.gz)

foreach(part runtime development sim)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/debian/copyright
		${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.Debian.gz
		${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.gz
		DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${${part}} COMPONENT ump_server_${part})
endforeach()

foreach(page ${manual})
	get_filename_component(name ${page} NAME)
	manual_directory(${page} directory)
	compress(${CMAKE_CURRENT_SOURCE_DIR}/${page} ${name}.gz)
	install(FILES ${CMAKE_CURRENT_BINARY_DIR}/debian/${name}.gz
		DESTINATION ${directory} COMPONENT ump_server_development)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ump-server)
set(CPACK_PACKAGE_VENDOR "the ump-server authors")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ump_server_runtime ump_server_development ump_server_sim)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_CURRENT_BINARY_DIR};ump_server;ALL;/")
if(UMP_STATIC_BUILD)
	list(PREPEND CPACK_INSTALL_CMAKE_PROJECTS
		"${UMP_STATIC_BUILD};ump_server;ALL;/")
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE ump-server)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "message dispatch between threads")
string(CONCAT about
	"A server owns an inbox.  Clients send it requests and get replies, or\n"
	"post to it one way.  A dispatch loop hands each message to the handler\n"
	"of the application, one at a time, in order.\n\n")
set(CPACK_DEBIAN_UMP_SERVER_RUNTIME_PACKAGE_NAME ${runtime})
set(CPACK_DEBIAN_UMP_SERVER_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_UMP_SERVER_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_UMP_SERVER_RUNTIME_PACKAGE_CONTROL_EXTRA
	${CMAKE_CURRENT_BINARY_DIR}/debian/shlibs ${CMAKE_CURRENT_BINARY_DIR}/debian/triggers)
set(CPACK_DEBIAN_UMP_SERVER_RUNTIME_DESCRIPTION
	"${about}This package holds the library that programs run with.")

set(CPACK_DEBIAN_UMP_SERVER_DEVELOPMENT_PACKAGE_NAME ${development})
set(CPACK_DEBIAN_UMP_SERVER_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_UMP_SERVER_DEVELOPMENT_PACKAGE_DEPENDS "${runtime} (= ${revision}), libc6-dev")
set(CPACK_DEBIAN_UMP_SERVER_DEVELOPMENT_DESCRIPTION
	"${about}This package holds what programs are built with, the static library\namong it.")

set(CPACK_DEBIAN_UMP_SERVER_SIM_PACKAGE_NAME ${sim})
set(CPACK_DEBIAN_UMP_SERVER_SIM_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_UMP_SERVER_SIM_PACKAGE_DEPENDS "${development} (= ${revision}), binutils")
set(CPACK_DEBIAN_UMP_SERVER_SIM_DESCRIPTION
	"${about}This package holds the simulator, which tests programs under every\nschedule of their threads; see ump_sim(7).")
include(CPack)
