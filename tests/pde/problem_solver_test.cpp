#include <danaus/pde/problems/problem.hpp>

#include <danaus/core/error.hpp>

#include <support/catch.hpp>

#include <set>

using namespace danaus;
using Given = std::map<std::string, std::string>;

namespace {

/// Small enough for a test.
Given small(const std::string& problem) {
  if (problem == "navier-stokes")
    return {{"resolution", "8"}, {"solver-resolution", "16"}, {"horizon", "1.5"}, {"record-interval", "0.5"}};
  if (problem == "darcy") return {{"resolution", "9"}, {"solver-resolution", "17"}};
  return {};
}

std::vector<std::vector<float>> generate(const pde::Problem& problem, std::uint64_t first, size_t count,
                                         std::uint64_t seed = 3) {
  const pde::ProblemSettings settings(problem, small(problem.name));
  std::vector<std::vector<float>> buffers;
  std::vector<float*> pointers;
  for (const auto& array : problem.layout(settings).arrays)
    buffers.emplace_back(count * array.size(), std::nanf(""));
  for (auto& buffer : buffers) pointers.push_back(buffer.data());
  problem.make_generator(settings, seed)(Exec{}, first, count, pointers);
  return buffers;
}

}  // namespace

TEST_CASE("every problem generates its arrays, whatever the block", "[pde]") {
  for (const pde::Problem& problem : pde::problems()) {
    CAPTURE(problem.name);
    const auto block = generate(problem, 4, 3), one = generate(problem, 5, 1),
               other = generate(problem, 5, 1, 4);
    for (size_t array = 0; array < block.size(); ++array) {
      const size_t size = one[array].size();
      CHECK(std::equal(one[array].begin(), one[array].end(), block[array].begin() + size));
      CHECK(other[array] != one[array]);
      for (float value : block[array]) REQUIRE(std::isfinite(value));
    }
    const pde::ProblemSettings settings(problem, small(problem.name));
    CHECK(problem.workspace_bytes(settings, 4) > problem.workspace_bytes(settings, 2));
    std::set<std::string> names;
    for (const auto& option : problem.options) {
      CHECK(names.insert(option.name).second);
      CHECK_FALSE(option.help.empty());
    }
    for (const auto& array : problem.layout(settings).arrays) CHECK(array.shape.size() == array.axes.size());
    CHECK(std::get<std::string>(problem.layout(settings).attributes.at("problem")) == problem.name);
  }
}

TEST_CASE("layouts are the published ones", "[pde]") {
  const auto& flow = pde::find_problem("navier-stokes");
  const auto layout = flow.layout({flow, small("navier-stokes")});
  REQUIRE(layout.arrays.size() == 2);
  CHECK(layout.arrays[0].name == "/a");
  CHECK(layout.arrays[1].name == "/u");
  CHECK(layout.arrays[1].shape == std::vector<size_t>{8, 8, 3});
  CHECK(layout.arrays[1].axes == std::vector<std::string>{"x", "y", "t"});
  CHECK(layout.constants.at(0).values == std::vector<double>{0.5, 1, 1.5});
  for (const char* name : {"problem", "viscosity", "scheme", "dt", "solver_resolution"})
    CHECK(layout.attributes.count(name) == 1);
  const auto& darcy = pde::find_problem("darcy");
  CHECK(darcy.layout({darcy, {}}).arrays.at(1).name == "/sol");
  // Permeability takes its two values, and the pressure vanishes on the boundary and nowhere inside.
  const auto data = generate(darcy, 0, 1);
  CHECK(std::set<float>(data[0].begin(), data[0].end()) == std::set<float>{3, 12});
  for (size_t i = 0; i < 9; ++i)
    for (size_t j = 0; j < 9; ++j) {
      const bool boundary = i == 0 || j == 0 || i == 8 || j == 8;
      CHECK((data[1][i * 9 + j] == 0) == boundary);
    }
}

TEST_CASE("bad options are refused by name", "[pde]") {
  const auto& flow = pde::find_problem("navier-stokes");
  const auto& darcy = pde::find_problem("darcy");
  CHECK_THROWS_WITH(pde::find_problem("navier"),
                    "problem: expected one of navier-stokes, darcy, found 'navier'");
  CHECK_THROWS_WITH(pde::ProblemSettings(flow, {{"nu", "0"}}),
                    "navier-stokes: nu: expected a number above 0 on, found '0'");
  CHECK_THROWS_WITH(pde::ProblemSettings(flow, {{"resolution", "6.5"}}),
                    "navier-stokes: resolution: expected an integer from 4 to 8192, found '6.5'");
  CHECK_THROWS_WITH(pde::ProblemSettings(darcy, {{"coefficient", "12/5"}}),
                    "darcy: coefficient: expected one of 12/3, 12/4, found '12/5'");
  CHECK_THROWS_AS(pde::ProblemSettings(darcy, {{"nu", "1"}}), UsageError);
  CHECK_THROWS_AS(flow.layout({flow, {{"solver-resolution", "100"}}}), UsageError);
  CHECK_THROWS_AS(flow.layout({flow, {{"horizon", "2.5"}}}), UsageError);
  CHECK_THROWS_WITH(darcy.layout({darcy, {{"resolution", "64"}, {"solver-resolution", "128"}}}),
                    Catch::Matchers::Contains("the next that does is 190"));
}
