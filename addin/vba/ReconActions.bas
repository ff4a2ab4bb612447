Attribute VB_Name = "ReconActions"
Option Explicit
' All that the buttons do before Python is there: which start, one at a time, and what to say when nothing comes back.
' No Windows API, no file access, no event handlers. Cells are reached by defined names of the active workbook.
' The actions are the closed list of ReconActionList; ReconRibbon calls in here with one line for each button.
'
' tieout_status, one line of text: "Asked: ..." is written here, "Running: ..." by Python as its first deed, and
' anything else by Python when it has ended. tieout_request: emptied by the Python that takes the request.
'
' Buttons are never greyed out. Excel asks for that once and again only when told; to tell it needs event handlers,
' which an unhandled error anywhere in this project would switch off. A Run button that is grey beside a good
' workbook is worse than one that says why it cannot work.

Private Const ASKED As String = "Asked: "
Private Const RUNNING As String = "Running: "
Private Const BAR As String = "Tieout: " ' how our words in the status bar begin; Python gives such a bar back to Excel
Private Const REQUEST_CELL As String = "tieout_request"
Private Const STATUS_CELL As String = "tieout_status"
Private Const NO_PYTHON As Integer = -1 ' what RunPython answers where the settings name no interpreter that exists
Private Const TICK As Integer = 3 ' seconds; a workbook closed while a tick is due would be opened again by Excel

' What the last start of this session waits for: the cell still holds the text as long as nobody has answered.
Private wait_kind As String ' "start", "watch" or "cancel"
Private wait_book As Object
Private wait_cell As String ' a defined name; empty in a workbook that has none: then the status bar
Private wait_text As String
Private wait_until As Date
Private is_ticking As Boolean

Public Sub DoAction(ByVal action As String)
    Dim reason As String
    On Error GoTo failed
    CheckAction action
    reason = WhyNot(action)
    If ReconActionList.IsRequest(action) And IsBusy() Then
        AskToCancel wait_book, action, 90 ' a long step may end late
    ElseIf reason <> "" Then
        Tell reason
    ElseIf ReconActionList.IsRequest(action) Then
        AskToCancel ActiveWorkbook, action, 9 ' for what somebody may have started elsewhere
    ElseIf IsBusy() Then
        SayBusy
    ElseIf StartMode() = "watch" Then
        AskWatcher action
    Else
        StartPython action
    End If
    Exit Sub
failed:
    NotStarted "V-901 " & ReconActionList.LabelOf(action) & " was not started: " & Err.Description & vbLf & vbLf & _
        "If your company does not let Excel start programs: run 'tieout install --start watch' and then 'tieout watch' " & _
        "in a terminal, leave it open, and click again. Otherwise 'tieout doctor' says what to do."
End Sub

Public Function PythonCommandFor(ByVal action As String) As String
    CheckAction action
    PythonCommandFor = "from addin.commands import dispatch; dispatch('" & action & "')"
End Function

Public Function IsEnabled(ByVal condition As String) As Boolean
    ' A condition that is not known never holds.
    If ActiveWorkbook Is Nothing Then Exit Function
    If condition = "always" Then IsEnabled = True
    If condition = "workbook" Then IsEnabled = HasName(REQUEST_CELL)
End Function

Public Function WhyNot(ByVal action As String) As String
    ' Why the button cannot work just now; empty when it can.
    Dim condition As String
    condition = ReconActionList.ConditionOf(action)
    If ActiveWorkbook Is Nothing Then
        WhyNot = "V-902 No workbook is open. Open one, then click again."
    ElseIf Not IsEnabled(condition) Then
        WhyNot = "V-903 " & ActiveWorkbook.Name & " is not a Tieout workbook: it has no cell named " & REQUEST_CELL & "." & _
            vbLf & vbLf & ReconActionList.TextOf(condition)
    End If
End Function

Public Function IsBusy() As Boolean
    ' Only what this session has started counts: a status saved with the file blocks nothing.
    Dim status As String
    If wait_book Is Nothing Then Exit Function
    status = TextIn(wait_book, STATUS_CELL)
    IsBusy = Left(status, Len(ASKED)) = ASKED Or Left(status, Len(RUNNING)) = RUNNING
End Function

Public Sub PutRequest(ByVal book As Object, ByVal action As String)
    ' mm after hh are minutes; LibreOffice takes nn for a weekday.
    Dim asked_at As Date
    CheckAction action
    asked_at = Now
    book.Names(REQUEST_CELL).RefersToRange.Value = action & "|" & Format(asked_at, "yyyymmdd") & Format(asked_at, "hhmmss")
End Sub

Public Sub SetStatus(ByVal book As Object, ByVal text As String)
    ' Never raises: a protected sheet or a workbook without the cell must not stop a run.
    On Error Resume Next
    book.Names(STATUS_CELL).RefersToRange.Value = text
End Sub

Public Sub CheckAnswer()
    ' Excel calls this every few seconds until somebody has answered.
    is_ticking = False
    On Error GoTo failed
    If TextIn(wait_book, wait_cell) <> wait_text Then
        If InStr(CStr(Application.StatusBar), BAR & ASKED) = 1 Then Application.StatusBar = False
    ElseIf Now < wait_until Then
        NextTick
    Else
        SayUnanswered
    End If
    Exit Sub
failed:
    Tell "V-908 Tieout could not look for an answer: " & Err.Description & ". Run 'tieout doctor' in a terminal."
End Sub

Private Sub CheckAction(ByVal action As String)
    ' The literal is vbObjectError + 513, which LibreOffice does not know.
    If ReconActionList.LabelOf(action) = "" Then Err.Raise -2147220991, "ReconActions", "there is no action " & action
End Sub

Private Function StartMode() As String
    ' The user's own settings file: "watch" is a Python that waits for requests, anything else starts one.
    ' So is the one of 'tieout open' behind LibreOffice, where none can be started from here.
    StartMode = "watch"
    If CanStartPython() Then StartMode = LCase(GetConfig("START", "run"))
End Function

Private Sub StartPython(ByVal action As String)
    Dim text As String
    Dim cell As String
    Dim answer As Variant
    If HasShellSign(ActiveWorkbook.Name) Then
        NotStarted "V-910 The name of this workbook has a sign that a command line reads as its own. Save it under a name of " & _
            "plain letters and digits (no $, %, \ and no quotes), then click again."
        Exit Sub
    End If
    If HasName(STATUS_CELL) Then cell = STATUS_CELL
    text = ASKED & ReconActionList.LabelOf(action) & " at " & Format(Now, "hh:mm:ss")
    SetStatus ActiveWorkbook, text
    Application.StatusBar = BAR & text
    answer = RunPython(PythonCommandFor(action))
    If Not IsEmpty(answer) Then
        If answer = NO_PYTHON Then
            NotStarted "V-904 Python was not found where the settings of Tieout say. Run 'tieout install' in a terminal, " & _
                "then click again. 'tieout doctor' shows the place."
            Exit Sub
        End If
    End If
    WaitFor "start", ActiveWorkbook, cell, 30
End Sub

Private Sub AskWatcher(ByVal action As String)
    PutRequest ActiveWorkbook, action
    SetStatus ActiveWorkbook, ASKED & ReconActionList.LabelOf(action) & " at " & Format(Now, "hh:mm:ss")
    WaitFor "watch", ActiveWorkbook, REQUEST_CELL, 30
End Sub

Private Sub AskToCancel(ByVal book As Object, ByVal action As String, ByVal seconds As Integer)
    PutRequest book, action
    Application.StatusBar = BAR & "cancel asked. The run ends at its next step."
    WaitFor "cancel", book, REQUEST_CELL, seconds
End Sub

Private Sub SayBusy()
    ' No box: while one is open Excel answers nobody, and the run that is going on would fail.
    Beep
    Application.StatusBar = BAR & "still at work, and it does one thing at a time. Click Cancel to end it. " & _
        TextIn(wait_book, STATUS_CELL)
End Sub

Private Sub SayUnanswered()
    Dim said As String
    Select Case wait_kind
    Case "start"
        said = Trim(PythonLog())
        If said <> "" Then said = vbLf & vbLf & "It left this message:" & vbLf & Right(said, 600)
        NotStarted "V-905 Python did not answer within 30 seconds. Run 'tieout doctor' in a terminal: it says what is missing." & said
    Case "watch"
        DropRequest
        NotStarted "V-906 Nothing obeyed the button within 30 seconds. In Excel: start 'tieout watch' in a terminal, leave it open, " & _
            "and click again. In LibreOffice: close the workbook, open it with 'tieout open', and click again."
    Case "cancel"
        DropRequest
        If IsBusy() Then
            NotStarted "V-907 Nothing took the request to cancel for 90 seconds: the Python that was at work is gone, or one step of it " & _
                "takes longer. Wait for its message. A part of its result may stand on the sheets where none comes: " & _
                "run Reconciliation again, or close the workbook without saving it."
        Else
            Application.StatusBar = False
            Tell "V-909 Nothing is running that could be cancelled."
        End If
    End Select
End Sub

Private Sub NotStarted(ByVal text As String)
    ' Frees the way for the next start, then says why.
    SetStatus wait_book, "Not started"
    SetStatus ActiveWorkbook, "Not started"
    Set wait_book = Nothing
    Application.StatusBar = False
    Tell text
End Sub

Private Sub DropRequest()
    On Error Resume Next
    wait_book.Names(REQUEST_CELL).RefersToRange.Value = ""
End Sub

Private Sub WaitFor(ByVal kind As String, ByVal book As Object, ByVal cell As String, ByVal seconds As Integer)
    wait_kind = kind
    wait_cell = cell
    wait_until = Now + seconds / 86400 ' TimeSerial takes no 90 seconds in LibreOffice
    Set wait_book = book
    wait_text = TextIn(book, cell)
    If Not is_ticking Then NextTick
End Sub

Private Sub NextTick()
    ' The one place that names the file of this code: without it Excel looks for the macro in the active workbook.
    is_ticking = True
    Application.OnTime Now + TimeSerial(0, 0, TICK), "'" & Replace(ThisWorkbook.Name, "'", "''") & "'!ReconActions.CheckAnswer"
End Sub

Public Function HasShellSign(ByVal text As String) As Boolean
    ' The launcher hands the name of the workbook to a shell: a received file must not bring a command with it.
    Dim sign As Variant
    For Each sign In Array("$", "`", Chr(34), "\", "%", vbLf, vbCr)
        If InStr(text, sign) > 0 Then HasShellSign = True
    Next sign
End Function

Private Function HasName(ByVal cell As String) As Boolean
    On Error Resume Next
    HasName = Not (ActiveWorkbook.Names(cell).RefersToRange Is Nothing)
End Function

Private Function TextIn(ByVal book As Object, ByVal cell As String) As String
    ' Empty when the workbook is closed or has no such cell.
    On Error Resume Next
    If cell = "" Then TextIn = CStr(Application.StatusBar) Else TextIn = CStr(book.Names(cell).RefersToRange.Value)
End Function

Private Sub Tell(ByVal text As String)
    MsgBox text, vbExclamation, "Tieout"
End Sub
