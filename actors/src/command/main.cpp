#include "command/command_line.hpp"
#include "millrace/library.hpp"

int main(int argc, char** argv) {
  millrace::link_library();
  return millrace::command::run_command(argc, argv);
}
