#pragma once

namespace millrace::library {

// Each stands in the file that registers the actors of its folder, which the linker would leave out otherwise.
void link_sources();
void link_routers();
void link_processors();
void link_sinks();

}  // namespace millrace::library
