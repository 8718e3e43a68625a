// postgresql.sink under the trials of tests/actors/sinks/trial.hpp, against a real server.
#include "candidate.hpp"

int main(int argc, char** argv) {
  using postgresql_tests::candidate;
  return sinks::run_trials(
      argc, argv,
      {std::make_shared<candidate>(candidate::kind::append), std::make_shared<candidate>(candidate::kind::upsert),
       std::make_shared<candidate>(candidate::kind::dying_server)});
}
