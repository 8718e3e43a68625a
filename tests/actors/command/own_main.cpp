// A program of a user's own: a topology built in code, and the options of `millrace run`.
#include "millrace/run.hpp"

int main(int argc, char** argv) {
  millrace::topology t;
  t.name = "own";
  t.add("numbers", "millrace.generator", {{"count", std::int64_t{100}}});
  t.add("drop", "millrace.null_sink");
  t.connect("numbers", "drop");
  return millrace::run(std::move(t), argc, argv);
}
