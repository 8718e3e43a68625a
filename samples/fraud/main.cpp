#include <millrace/run.hpp>

#include "fraud.hpp"

int main(int argc, char** argv) {
  return millrace::run(fraud::topology(), argc, argv);
}
