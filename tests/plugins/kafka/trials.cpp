// kafka.sink under the trials of tests/actors/sinks/trial.hpp, against librdkafka's mock cluster or a real one.
#include "candidate.hpp"

int main(int argc, char** argv) {
  using kafka_tests::candidate;
  return sinks::run_trials(argc, argv, {std::make_shared<candidate>(false), std::make_shared<candidate>(true)});
}
