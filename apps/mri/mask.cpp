#include "arguments.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/mri/data/mask_file.hpp>

namespace danaus::app {
namespace {

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const auto& type : mri::mask_types()) names.push_back(type.name);
  return names;
}

Outcome run_mask(const Options& options) {
  mri::MaskOptions how;
  how.type = options.text("type");
  const auto shape = parse_plane_size(options, "shape");
  how.rows = shape.rows, how.columns = shape.columns;
  how.acceleration = options.real("acceleration");
  how.seed = std::uint64_t(options.integer("seed"));
  how.cut_corners = options.toggle("cut-corners");
  if (how.cut_corners && how.type != "poisson")
    throw UsageError("--cut-corners: only poisson masks have it, not " + how.type);
  const bool by_columns = how.type == "random" || how.type == "equispaced";
  how.calibration = options.has("calibration") ? options.size("calibration") : by_columns ? 0 : 24;
  const std::filesystem::path out = options.text("out");
  if (!options.toggle("dry-run")) require_new_output(options);
  const Timer timer;
  const mri::Mask mask = mri::make_mask(how);
  const double seconds = timer.seconds();
  Json json = {{"out", out.string()}, {"type", how.type}, {"shape", {mask.rows, mask.columns}}};
  json["samples"] = mask.count();
  json["acceleration"] = mask.acceleration();
  json["mask_digest"] = mri::digest_of(mask);
  json["seed"] = how.seed;
  json["seconds"] = seconds;
  char text[200];
  std::snprintf(text, sizeof text, "%s: %s %zux%zu, %zu samples, R = %.4g, in %.0f ms\n",
                out.string().c_str(), how.type.c_str(), mask.rows, mask.columns, mask.count(),
                mask.acceleration(), 1e3 * seconds);
  if (options.toggle("dry-run")) {
    json["parameters"] = nullptr;
    json["memory_bytes"] = mask.size() * 64;
    json["seconds_estimate"] = seconds;
    json["shapes"] = {{"/mask", {mask.rows, mask.columns}}};
    return {json, text};
  }
  mri::write_mask(out, {"danaus-mri-mask", 1, created_by(), command_line(), how.seed}, how, mask);
  return {json, text};
}

}  // namespace

Verb mask_verb() {
  Verb verb;
  verb.name = "mask";
  verb.summary = "makes a sampling mask";
  std::string help;
  for (const auto& type : mri::mask_types())
    help += (help.empty() ? "" : "; ") + type.name + ": " + type.summary;
  verb.options = {
      common_option("config"),
      choice_option("type", "poisson", type_names(), help),
      text_option("shape", "416x80", "acquired plane, ky x kz"),
      real_option("acceleration", "4", 1, 1000,
                  "points of the acquired plane, cut corners included, per sample"),
      integer_option("calibration", "", 0, 65536, "edge of the fully sampled square, or centre columns")
          .note("24; random and equispaced: 0.32 / R of the columns"),
      toggle_option("cut-corners", "false", "poisson: sample nothing outside the ellipse inside the plane"),
  };
  Option out = common_option("out");
  out.help = "file to write, by extension: .h5, .cfl or .png";
  verb.options.push_back(out);
  for (const char* name : {"seed", "json", "quiet", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-mri mask --type poisson --shape 416x80 --acceleration 4 --seed 1 --out mask.h5",
                   "danaus-mri mask --type equispaced --shape 640x368 --acceleration 8 --out mask.png"};
  verb.run = run_mask;
  verb.uses_kokkos = false;
  return verb;
}

}  // namespace danaus::app
