#include <millrace/run.hpp>

#include "market.hpp"

int main(int argc, char** argv) {
  return millrace::run(market::topology(), argc, argv);
}
