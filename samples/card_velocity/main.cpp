#include <millrace/run.hpp>

#include "velocity.hpp"

int main(int argc, char** argv) {
  return millrace::run(velocity::topology(), argc, argv);
}
