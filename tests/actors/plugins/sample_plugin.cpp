#include "millrace/plugin.hpp"

MILLRACE_PLUGIN("sample", "1.2.3")
