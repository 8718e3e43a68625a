#pragma once

#include "millrace/msgpack/reader.hpp"
#include "millrace/msgpack/writer.hpp"
