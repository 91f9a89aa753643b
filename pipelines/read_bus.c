/* SPDX-License-Identifier: MPL-2.0
 *
 * Reads the bus in C: runs a launch line and prints each defect.
 *
 *   cc pipelines/read_bus.c -o read_bus $(pkg-config --cflags --libs gstreamer-1.0)
 *   GST_PLUGIN_PATH=target/release ./read_bus videotestsrc pattern=black num-buffers=100 ! video/x-raw,format=I420 ! blackdetect ! fakesink
 */
#include <gst/gst.h>

static void
defect (GstMessage * message)
{
  const GstStructure *s = gst_message_get_structure (message);
  guint64 timestamp = 0, duration = 0;
  const gchar *detail, *reason;

  if (s == NULL || !gst_structure_has_name (s, "defect"))
    return;
  gst_structure_get_uint64 (s, "timestamp", &timestamp);
  gst_structure_get_uint64 (s, "duration", &duration);
  /* Some fields are there only if they have something to say. */
  detail = gst_structure_get_string (s, "detail");
  reason = gst_structure_get_string (s, "reason");
  g_print ("%.3f %s %s %s %.3f%s%s%s%s\n", timestamp / 1e9,
      GST_MESSAGE_SRC_NAME (message), gst_structure_get_string (s, "kind"),
      gst_structure_get_string (s, "state"), duration / 1e9,
      detail ? " " : "", detail ? detail : "",
      reason ? " " : "", reason ? reason : "");
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  GstElement *pipeline;
  GstBus *bus;
  gboolean running = TRUE;
  int status = 0;

  gst_init (&argc, &argv);
  pipeline = gst_parse_launchv ((const gchar **) argv + 1, &error);
  if (pipeline == NULL || error != NULL) {
    g_printerr ("%s\n", error ? error->message : "no pipeline");
    g_clear_error (&error);
    return 2;
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bus = gst_element_get_bus (pipeline);
  while (running) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
        GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

    switch (GST_MESSAGE_TYPE (message)) {
      case GST_MESSAGE_ELEMENT:
        defect (message);
        break;
      case GST_MESSAGE_ERROR:
        gst_message_parse_error (message, &error, NULL);
        g_printerr ("%s\n", error->message);
        g_clear_error (&error);
        status = 1;
        running = FALSE;
        break;
      default:
        running = FALSE;
        break;
    }
    gst_message_unref (message);
  }
  /* On the way to READY detectors end the episodes that are open; NULL would
   * discard the messages that nobody has read. */
  gst_element_set_state (pipeline, GST_STATE_READY);
  for (GstMessage * message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
      message != NULL;
      message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT)) {
    defect (message);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return status;
}
