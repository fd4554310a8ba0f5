#include "monarch_side.hpp"
#include "transform_cases.hpp"

#include <algorithm>

namespace danaus::app {
namespace {

struct Variant {
  const char* name;
  TransformKind kind;
};
constexpr Variant variants[] = {{"complex", TransformKind::complex},
                                {"real to half spectrum", TransformKind::real_forward},
                                {"half spectrum to real", TransformKind::real_inverse}};

/// What the multiply-add loop takes for as many operations as ours: the ratio is then the share of the peak.
std::vector<double> scaled_to(double flops, std::vector<double> seconds) {
  for (double& s : seconds) s *= flops / peak_contestant_flops();
  return seconds;
}

}  // namespace

void bench_share_of_peak(const BenchContext& context, Json& results) {
  const std::vector<size_t> blocks =
      context.is_quick ? std::vector<size_t>{8, 16} : std::vector<size_t>{8, 12, 16, 20, 24, 28, 32};
  Json rows = Json::array();
  for (const size_t block : blocks)
    for (const auto& variant : variants) {
      const size_t n = block * block;
      const LaneTransform ours(n, block, variant.kind, tiles_for(n));
      const auto samples = time_in_turn({{[&] { ours.run(); }}, peak_contestant()}, context.timing);
      rows.push_back(compared_row({.name = std::string("fused 1-D kernel, ") + variant.name,
                                   .size = "n = " + std::to_string(n) + ", block " + std::to_string(block),
                                   .rival = "multiply-add peak, measured in turn",
                                   .flops = ours.flops(),
                                   .bytes = ours.bytes()},
                                  paired(samples[0], scaled_to(ours.flops(), samples[1])), context.roofs));
    }
  std::vector<Json> sorted(rows.begin(), rows.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const Json& a, const Json& b) { return a["ratio"].get<double>() < b["ratio"].get<double>(); });
  const auto summary = [&](const char* name, Json row, double goal) {
    row["variant"] = row["case"].get<std::string>() + ", " + row["size"].get<std::string>();
    row["case"] = name, row["size"] = "n = block^2", row["goal"] = goal;
    results.push_back(row);
  };
  summary("fused 1-D kernels, blocks 8-32, best", sorted.back(), 0.8);
  summary("fused 1-D kernels, blocks 8-32, median", sorted[sorted.size() / 2], 0.6);
  for (const auto& row : rows) results.push_back(row);
}

}  // namespace danaus::app
