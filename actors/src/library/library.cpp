#include "millrace/library.hpp"
#include "library/library_parts.hpp"

namespace millrace {

void link_library() {
  library::link_sources();
  library::link_routers();
  library::link_processors();
  library::link_sinks();
}

}  // namespace millrace
