// SPDX-License-Identifier: GPL-3.0-or-later
// Images as they are shown.
#pragma once

#include <xenlab/cli/context.hpp>
#include <xenlab/drbl/image.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace drbl_deploy {

using namespace xenlab;

/// What is on its disks and partitions, for every document in which an image stands.
nlohmann::ordered_json document(const drbl::Image& image);
/// A row each, or one document.
void print_images(cli::Context& context, const std::vector<drbl::Image>& images);
/// All that is known of one, for people.
void print_image(cli::Context& context, const drbl::Image& image);

bool wants_json(const cli::Context& context);

} // namespace drbl_deploy
