#include "monarch_side.hpp"
#include "roofline.hpp"
#include "transform_cases.hpp"
#include "verbs.hpp"

#include <danaus/core/error.hpp>

#include <algorithm>
#include <charconv>

namespace danaus::app {
namespace {

const std::vector<std::string> all_cases{"1d", "2d", "real", "dense", "share"};

/// Points of a transform: what a user may ask for. @throws UsageError
std::vector<size_t> sizes_from(const Options& options) {
  std::vector<size_t> sizes;
  for (const auto& text : options.list("sizes")) {
    size_t n = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), n).ptr;
    if (end != text.data() + text.size() || n < 4 || n > 65536)
      throw UsageError("--sizes: expected integers from 4 to 65536, separated by commas, found \"" + text +
                       "\"");
    sizes.push_back(n);
  }
  return sizes;
}

std::vector<std::string> cases_from(const Options& options) {
  const auto cases = options.list("cases");
  for (const auto& name : cases)
    if (std::find(all_cases.begin(), all_cases.end(), name) == all_cases.end())
      check_value(choice_option("cases", "", all_cases, ""), name, "--cases");
  return cases;
}

/// How large a plane, and how large a dense matrix, is worth the wait.
constexpr size_t smallest_plane = 32, largest_plane = 256, smallest_dense = 64, largest_dense = 4096;

/// A GPU is compared with cuFFT; dense products, the roofs and the picture are the CPU's. @throws UsageError
void require_gpu_cases(const Options& options) {
  for (const auto& name : options.list("cases"))
    if (name == "dense" || name == "share")
      throw UsageError("--cases: " + name + " is a case of CPU builds; a build for GPUs has 1d, 2d, real");
  if (options.has("picture")) throw UsageError("--picture: a roofline is drawn by CPU builds only");
}

Outcome run_transform(const Options& options) {
  if (is_gpu) require_gpu_cases(options);
  if (options.has("picture")) require_picture_name(options.text("picture"));
  BenchContext context = context_of(options);
  const auto cases = cases_from(options);
  const auto has = [&](const char* name) {
    return std::find(cases.begin(), cases.end(), name) != cases.end();
  };
  const bool given = options.has("sizes");
  const auto pick = [&](const std::vector<size_t>& quick, const std::vector<size_t>& full, size_t low,
                        size_t high) {
    if (!given) return context.is_quick ? quick : full;
    std::vector<size_t> sizes = sizes_from(options);
    std::erase_if(sizes, [&](size_t n) { return n < low || n > high; });
    return sizes;
  };
  const auto lines = pick({64, 100, 256}, {16, 36, 64, 100, 144, 256, 360, 500, 1000, 1024, 2048, 4096}, 0,
                          65536),
             planes = pick({64}, {64}, smallest_plane, largest_plane),
             dense = pick({256}, {256, 1024, 4096}, smallest_dense, largest_dense);
  const size_t modes = options.size("modes");
  // What cannot be run is said before anything is measured.
  size_t count = has("share");
  for (const auto& [name, sizes] :
       {std::pair{"1d", &lines}, {"2d", &planes}, {"real", &planes}, {"dense", &dense}})
    for (const size_t n : *sizes)
      if (has(name)) candidate_blocks(n), ++count;
  if (count == 0)
    throw UsageError("--sizes: none of " + options.text("sizes") + " suits the cases " +
                     options.text("cases") + " (planes: 32 to 256 points, dense: 64 to 4096)");

  Json results = Json::array();
  if (!is_gpu) {
    context.announce("measuring the roofs");
    context.roofs = measure_roofs(context.timing);
  }
  const auto run = [&](const char* name, const std::vector<size_t>& sizes, const auto& bench) {
    if (!has(name)) return;
    for (const size_t n : sizes) {
      context.announce(std::string(name) + ", n = " + std::to_string(n));
      bench(n);
    }
  };
  run("1d", lines, [&](size_t n) { bench_complex_1d(context, n, results); });
  run("2d", planes, [&](size_t n) { bench_complex_2d(context, n, results); });
  run("real", planes, [&](size_t n) { bench_real_2d(context, n, std::min(modes, n / 2), results); });
  run("dense", dense, [&](size_t n) { bench_dense(context, n, results); });
  if (has("share")) {
    context.announce("share of the peak");
    bench_share_of_peak(context, results);
  }
  const Outcome outcome = outcome_of(is_gpu ? machine_json() : machine_json(context.roofs), results);
  if (options.has("picture")) write_roofline(options.text("picture"), outcome.json);
  return outcome;
}

}  // namespace

Verb bench_transform_verb() {
  Verb verb;
  verb.name = "transform";
  verb.summary = "times Monarch transforms against FFTW (cuFFT on a GPU) and dense matrix products";
  verb.options = {
      text_option("cases", is_gpu ? "1d,2d,real" : "1d,2d,real,dense,share", "which cases, comma-separated"),
      text_option("sizes", "", "points of a transform, comma-separated; where they suit a case")
          .note("16 to 4096, the sizes of the goals among them"),
      integer_option("modes", "12", 1, 4096, "kept modes per axis of the pruned real transform"),
      integer_option("rounds", "", 3, 100000, "samples of each contestant").note("21; 7 if quick"),
      toggle_option("quick", "false", "fewer sizes and rounds, plans that FFTW measures only"),
      path_option("picture", "draws a roofline, .svg or .png"),
      common_option("threads"),
      common_option("json"),
      common_option("quiet"),
      common_option("help")};
  verb.examples = {"danaus-bench transform --threads 1 --json > transform.json",
                   "danaus-bench transform --quick --picture roofline.svg",
                   "danaus-bench transform --cases 1d --sizes 48,96,1000"};
  verb.run = run_transform;
  return verb;
}

}  // namespace danaus::app
