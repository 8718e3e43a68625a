// mqtt.sink under the trials of tests/actors/sinks/trial.hpp, against a real server.
#include "candidate.hpp"

int main(int argc, char** argv) {
  using mqtt_tests::candidate;
  return sinks::run_trials(argc, argv, {std::make_shared<candidate>(false), std::make_shared<candidate>(true)});
}
