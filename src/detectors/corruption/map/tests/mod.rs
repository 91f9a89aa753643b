// SPDX-License-Identifier: MPL-2.0
mod looks;
mod net;
