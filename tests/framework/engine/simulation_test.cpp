#include "millrace/testing/simulation.hpp"

#include <QtTest>

#include "sample_topology.hpp"

using namespace millrace;
using testing::simulation;

namespace {

constexpr std::size_t steps_max = 2'000'000;

}  // namespace

class simulation_test : public QObject {
  Q_OBJECT
private slots:
  void runsATopologyToItsEnd() {
    const sample::disk files;
    const sample::mesh_shape shape;
    simulation sim{sample::plan_of(sample::mesh(shape)), {.seed = 1, .batch_events = 16}};
    sim.start();
    QVERIFY2(sim.run_until_over(steps_max), "does not end");
    QVERIFY2(sim.now_is() == simulation::phase::finished, sim.message().c_str());
    const auto wrong = sample::difference(sample::expected_output(shape), files.output());
    QVERIFY2(wrong.empty(), wrong.c_str());
    QVERIFY(sim.snapshots() > 3);
  }

  void isTheSameRunForTheSameSeed() {
    const auto trace_of = [](std::uint64_t seed) {
      const sample::disk files;
      simulation sim{sample::plan_of(sample::mesh({})), {.seed = seed, .batch_events = 16}};
      sim.start();
      for (int i = 0; i < 700; ++i) (void)sim.step();
      sim.crash();
      sim.restart();
      (void)sim.run_until_over(steps_max);
      return std::pair{sim.trace(), sim.steps()};
    };
    QCOMPARE(trace_of(11), trace_of(11));
    QVERIFY(trace_of(11) != trace_of(12));
  }
};

QTEST_APPLESS_MAIN(simulation_test)
#include "simulation_test.moc"
