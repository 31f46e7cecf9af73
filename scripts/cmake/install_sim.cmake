# SPDX-License-Identifier: 0BSD
# Installs the simulator for programs that use the library, with its own file of targets and its own
# file for pkg-config.  Nothing of it names the prefix (install.cmake).
set(sim_dir ${CMAKE_INSTALL_LIBDIR}/ump_server)

install(TARGETS ump_server_sim EXPORT ump_server_sim
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ump_server_sim
	INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${ump_sim_wrap} DESTINATION ${sim_dir} COMPONENT ump_server_sim)
install(EXPORT ump_server_sim FILE ump_server-sim.cmake NAMESPACE ump_server::
	DESTINATION ${config_dir} COMPONENT ump_server_sim)
string(REPLACE ";" " " pc_sim_flags "${ump_sim_flags}")
string(REPLACE ";" " " pc_sim_link "${ump_sim_link}")
configure_file(scripts/cmake/ump_server-sim.pc.in ump_server-sim.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ump_server-sim.pc DESTINATION ${pc_dir}
	COMPONENT ump_server_sim)
