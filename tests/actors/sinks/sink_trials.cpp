// The sinks of the library, and sinks that are broken on purpose, under the trials of trial.hpp.
#include "control_sinks.hpp"
#include "file_candidate.hpp"
#include "sqlite_candidate.hpp"
#include "table_candidate.hpp"
#include "trial.hpp"

int main(int argc, char** argv) {
  using namespace sinks;
  return run_trials(argc, argv,
                    {std::make_shared<file_candidate>(), std::make_shared<sqlite_candidate>(false),
                     std::make_shared<sqlite_candidate>(true), std::make_shared<table_candidate>(),
                     std::make_shared<control_candidate>("forgetful"), std::make_shared<control_candidate>("eager"),
                     std::make_shared<control_candidate>("honest")});
}
